//! A Redis of a test, alone or as a cluster of three.
