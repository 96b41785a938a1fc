"""What is asked of the service, and what it answers, as pydantic models by subject: the OpenAPI description follows.

Conventions: a request with a field that is not known is refused, so that a slip of the pen is not overlooked. Ranges
are those of the package; what only the package can check (a name, a chord, two wishes that contradict each other) it
checks before a job is taken on. Examples stand in `examples.json`, by the name of the model; a test holds each against
its model and sends those of requests to a service. Times are seconds, those of day seconds since 1970 (UTC).
"""
