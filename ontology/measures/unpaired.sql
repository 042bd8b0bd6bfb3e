-- Which prompts did one of two runs answer alone, or with other words?
-- columns: side facet grp scorer evidence prompt
SELECT 'a' AS side, p.facet AS facet, p.grp AS grp, a.scorer AS scorer, a.evidence AS evidence, a.prompt AS prompt
FROM (SELECT run, grader, scorer, evidence, prompt, prompt_sha256 FROM side_a
  GROUP BY run, grader, scorer, evidence, prompt, prompt_sha256) a
JOIN prompts p ON p.run = a.run AND p.prompt = a.prompt
LEFT JOIN (SELECT grader, scorer, evidence, prompt, MAX(prompt_sha256) AS prompt_sha256 FROM side_b
  GROUP BY grader, scorer, evidence, prompt) b
  ON a.prompt = b.prompt AND a.scorer = b.scorer AND a.evidence = b.evidence AND a.grader = b.grader
WHERE b.prompt IS NULL
  OR (a.prompt_sha256 <> b.prompt_sha256 AND a.prompt_sha256 <> '' AND b.prompt_sha256 <> '')
UNION ALL
SELECT 'b' AS side, p.facet AS facet, p.grp AS grp, b.scorer AS scorer, b.evidence AS evidence, b.prompt AS prompt
FROM (SELECT run, grader, scorer, evidence, prompt, prompt_sha256 FROM side_b
  GROUP BY run, grader, scorer, evidence, prompt, prompt_sha256) b
JOIN prompts p ON p.run = b.run AND p.prompt = b.prompt
LEFT JOIN (SELECT grader, scorer, evidence, prompt, MAX(prompt_sha256) AS prompt_sha256 FROM side_a
  GROUP BY grader, scorer, evidence, prompt) a
  ON a.prompt = b.prompt AND a.scorer = b.scorer AND a.evidence = b.evidence AND a.grader = b.grader
WHERE a.prompt IS NULL
  OR (a.prompt_sha256 <> b.prompt_sha256 AND a.prompt_sha256 <> '' AND b.prompt_sha256 <> '')
