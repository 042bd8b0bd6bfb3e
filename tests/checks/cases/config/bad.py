policyspec_outputs = ["turtle"]
policy_spec_base_iri = "https://example.org/"
