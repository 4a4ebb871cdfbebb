"""Interface of the node: parameters and topics."""
