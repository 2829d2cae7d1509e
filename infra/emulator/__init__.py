"""A stand-in for AWS on this machine: moto's server, with the resource types its CloudFormation passes over."""
