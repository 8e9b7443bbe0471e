"""The use cases, without HTTP. Every door calls these: the API, later the console and the tools for agents."""
