-- Which answers count, each with the value that its log gives it?
-- columns: run model grader spec_release scorer evidence prompt prompt_sha256 epoch status value
SELECT run, model, grader, spec_release, scorer, evidence, prompt, prompt_sha256, epoch, status, value
FROM answers
WHERE value IS NOT NULL AND status <> 'invalidated' AND status <> 'error' AND status <> 'unscored'
