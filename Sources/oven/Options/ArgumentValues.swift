public import ArgumentParser
public import Baking
public import Transformer

// Words of the engine that may stand behind a flag.
extension Arm: @retroactive ExpressibleByArgument {}
extension StudentContext: @retroactive ExpressibleByArgument {}
extension MergedCheckpoint.Precision: @retroactive ExpressibleByArgument {}
