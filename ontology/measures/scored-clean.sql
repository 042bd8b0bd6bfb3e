-- Which answers count where those that a filter or a limit stopped, and replies of graders that cannot be read, are left out?
-- columns: run model grader spec_release scorer evidence prompt prompt_sha256 epoch status value
SELECT run, model, grader, spec_release, scorer, evidence, prompt, prompt_sha256, epoch, status, value
FROM answers
WHERE value IS NOT NULL AND status = 'scored'
