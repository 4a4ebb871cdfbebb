"""What the node declares: parameters and topics."""
