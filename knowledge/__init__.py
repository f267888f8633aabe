"""Why money does not arrive: facts, causes, the settlement calendar, the reader and the engine. Pure."""
