"""Model providers behind one small protocol (:class:`core.llm.base.Provider`)."""
