"""What plugin authors test with: fakes with behaviour, loopback servers, conformance kits."""
