policyspec_outputs = ["turtle"]
