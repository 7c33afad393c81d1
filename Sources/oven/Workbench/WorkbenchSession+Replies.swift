import Backends
import Baking
import Foundation
import Workbench

// Questions and their answers.
extension WorkbenchSession {
    func ask(_ question: Question) {
        replies[question.id] = Task {
            do {
                try await answer(question)
                post(.replyEnded(id: question.id, failure: nil))
            } catch is CancellationError {
                post(.replyEnded(id: question.id, failure: nil))
            } catch {
                post(.replyEnded(id: question.id, failure: Problem.text(of: error)))
            }
            replies[question.id] = nil
        }
    }

    private func answer(_ question: Question) async throws {
        let needsAdapter = question.arms.contains(where: \.hasAdapter)
        let source = needsAdapter ? try weights(for: question) : nil
        var chosen = settings
        if let configuration = source?.run?.record.configuration {
            chosen = settings.adopting(configuration)
        }
        let backend = try await backend(chosen)
        let needsPrompt = question.arms.contains(where: \.hasPrompt)
        let configuration = source?.run?.record.configuration ?? chosen.bakeConfiguration
        var comparison = try Comparison(
            backend: backend, arms: question.arms,
            settings: ChatSettings(
                prompt: needsPrompt ? try Prompt(text: question.prompt) : nil,
                adapter: source?.adapter ?? .none, step: source?.step,
                studentContext: configuration.studentContext, thinking: configuration.thinking,
                temperature: question.temperature, seed: question.seed,
                maximumTokenCount: configuration.maximumResponseTokens),
            transcript: question.transcript)
        for try await event in try comparison.reply(to: question.message) {
            if case .began(let arm, nil) = event, arm.hasAdapter {
                post(.reply(id: question.id, .began(arm, step: source?.step)))
            } else {
                post(.reply(id: question.id, event))
            }
        }
        try Task.checkCancellation()
    }

    /// The weights that answer: those in training, else the best checkpoint.
    private func weights(
        for question: Question
    ) throws -> (run: Run?, adapter: AdapterChoice, step: Int?) {
        if let job, job.isTraining {
            return (job.run, .training(strength: question.strength), nil)
        }
        let name = job?.run?.name ?? question.run
        let run: Run
        do {
            run = try settings.store.run(named: name)
        } catch RunError.none {
            throw BackendError.refused(what: "nothing is baked yet", remedy: "F5 bakes the prompt")
        }
        let checkpoint = try run.checkpoint(.best)
        return (
            run, .checkpoint(checkpoint.directory, strength: question.strength), checkpoint.step
        )
    }
}
