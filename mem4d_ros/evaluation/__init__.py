"""How good and how fast the network is."""
