"""What moved between two states of the study, and why: frames in, frames and numbers out."""
