"""A local AWS: moto's server, with what moto leaves out or gets wrong, and the deployed functions really run."""
