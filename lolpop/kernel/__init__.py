"""How containers work inside: scopes, plans, verification, and the providers that containers are made of."""
