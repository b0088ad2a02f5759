// Nothing is done about it.
export {};
