policyspec_outputs = ["ttl", "nt"]
