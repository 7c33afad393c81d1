import ArgumentParser
import Baking
import Foundation
import Transformer

struct ScoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Prints log-probabilities of a text, of chats or of token ids.",
        discussion: """
            Example: oven score --model starter --adapter runs/prompt-1/checkpoints/step-000052 \
            --chats held-out.jsonl --top-k 5
            """)

    @Option(help: "A PEFT adapter directory; without one the base model is scored.")
    var adapter: String?
    @Option(help: "Scales the adapter; 1 is as trained.")
    var strength = 1.0
    @Option(help: "Likeliest tokens printed per position.")
    var topK = 0
    @Option(help: "A file with one JSON array of ids per line.", completion: .file())
    var ids: String?
    @Option(help: "A file that is one sequence as it is.", completion: .file())
    var text: String?
    @Option(
        help: "A file of lines {\"messages\"}; the last reply is scored.", completion: .file())
    var chats: String?
    @Option(help: "With --chats: the prompt that the teacher reads.", completion: .file())
    var prompt: String?
    @Flag(help: "Taken for granted: the output is JSON.")
    var json = false
    @OptionGroup(title: "Model") var model: ModelSettings
    @OptionGroup var place: PlaceSettings

    func validate() throws {
        guard [ids, text, chats].compactMap(\.self).count == 1 else {
            throw ValidationError("score needs one of --ids, --text and --chats")
        }
        guard prompt == nil || chats != nil else {
            throw ValidationError("--prompt goes with --chats")
        }
        guard (0...1024).contains(topK) else {
            throw ValidationError("--top-k must be a number from 0 to 1024")
        }
        guard strength.isFinite, abs(strength) <= 100 else {
            throw ValidationError("--strength must be a number from -100 to 100")
        }
    }

    func run() async throws {
        let settings = try Settings(model, place)
        let console = Console.standard(settings)
        let backend = try await openScorer(settings, place.services(console), console)
        let surroundings = settings.surroundings
        let choice: AdapterChoice =
            adapter.map { .checkpoint(surroundings.url(of: $0), strength: strength) } ?? .none
        let reader = ScoreReader(
            backend: backend, thinking: settings.flag(.thinking),
            prompt: try prompt.map { try Prompt(file: surroundings.url(of: $0)) })
        let sequences =
            if let ids {
                try reader.ids(in: surroundings.url(of: ids))
            } else if let text {
                try reader.text(in: surroundings.url(of: text))
            } else {
                try reader.chats(in: surroundings.url(of: chats ?? ""))
            }
        for sequence in sequences {
            try Task.checkCancellation()
            let score = try await backend.score(sequence.tokens, topK: topK, adapter: choice)
            try console.json(
                ScoreLine(sequence, logprobs: score.logprobs, rows: score.rows, hasTop: topK > 0))
        }
    }
}
