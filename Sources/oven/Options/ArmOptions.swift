import ArgumentParser
import Baking

/// Options of the commands that use a run's checkpoint.
struct ArmOptions: ParsableArguments {
    @Option(help: "Checkpoint of the run: best, last or a step.")
    var checkpoint = "best"
    @Option(help: "Scales the adapter; 1 is as trained.")
    var strength = 1.0

    var choice: CheckpointChoice {
        get throws {
            guard let choice = CheckpointChoice(checkpoint) else {
                throw UsageError("--checkpoint must be best, last or a step, not \"\(checkpoint)\"")
            }
            return choice
        }
    }

    func validate() throws {
        guard strength.isFinite, abs(strength) <= 100 else {
            throw ValidationError("--strength must be a number from -100 to 100")
        }
    }
}

/// Options of sampling.
struct SamplingOptions: ParsableArguments {
    @Option(help: "Sampling temperature; 0 is greedy.")
    var temperature = 0.7
    @Option(help: "Seeds the sampling.")
    var seed: UInt64 = 0
    @Option(help: "Most tokens of a reply.")
    var maxResponseTokens = 512

    func validate() throws {
        guard (0...2).contains(temperature) else {
            throw ValidationError("--temperature must be a number from 0 to 2")
        }
        guard (1...1_000_000).contains(maxResponseTokens) else {
            throw ValidationError("--max-response-tokens must be a number from 1 to 1000000")
        }
    }
}
