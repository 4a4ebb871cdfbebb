"""Training: losses of the paper, the two-stage curriculum, a trainer that resumes exactly."""
