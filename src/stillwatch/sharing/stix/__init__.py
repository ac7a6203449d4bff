"""STIX 2.1 as the exchange speaks it: standard objects, one property-extension, nothing that names a person."""
