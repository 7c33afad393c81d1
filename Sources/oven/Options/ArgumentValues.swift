public import ArgumentParser
public import Baking
public import Transformer

// Words of the engine that may stand behind a flag.
extension Arm: ExpressibleByArgument {}
extension StudentContext: ExpressibleByArgument {}
extension MergedCheckpoint.Precision: ExpressibleByArgument {}
