import Backends
import Baking
import Foundation
import Terminal

/// What `oven doctor` found of one thing.
struct Finding: Encodable {
    enum State: String, Encodable {
        /// Works.
        case ok
        /// Not configured; nothing is wrong with that.
        case missing
        /// Configured, but does not work.
        case broken
    }

    var check: String
    var state: State
    var detail: String
}

/// Looks at everything that a bake depends on.
struct Examination {
    let settings: Settings
    let services: Services

    /// All but the model and the services.
    var findings: [Finding] {
        [machine, terminal, http] + resources + [theme, prompt, queries, runs]
    }

    /// Opens the model.
    func modelFinding() async -> Finding {
        await found("model") {
            let model = try await openBackend(settings, services, Console.standard(settings)).model
            let weights = model.parameterCount > 0 ? "\(model.parameterCount) weights, " : ""
            return
                "\(model.name): \(model.family), \(weights)\(model.contextLength) tokens of context, \(model.arithmetic)"
        }
    }

    private func found(_ check: String, _ detail: () async throws -> String) async -> Finding {
        do {
            return Finding(check: check, state: .ok, detail: try await detail())
        } catch {
            return broken(check, error)
        }
    }

    private func checked(_ check: String, _ detail: () throws -> String) -> Finding {
        do {
            return Finding(check: check, state: .ok, detail: try detail())
        } catch {
            return broken(check, error)
        }
    }

    private func broken(_ check: String, _ error: any Error) -> Finding {
        Finding(check: check, state: .broken, detail: Problem(error)?.message ?? "\(error)")
    }

    private var machine: Finding {
        let process = ProcessInfo.processInfo
        return Finding(
            check: "machine", state: .ok,
            detail:
                "\(process.operatingSystemVersionString), \(process.activeProcessorCount) cores, "
                + "\(process.physicalMemory >> 20) MiB of memory")
    }

    private var terminal: Finding {
        let console = Console.standard(settings)
        let name = settings.surroundings.variable("TERM") ?? "no TERM"
        return Finding(
            check: "terminal", state: .ok,
            detail: "\(name), \(Ncurses.colours) colours, "
                + (console.isASCII ? "ASCII" : "UTF-8"))
    }

    private var http: Finding {
        Finding(check: "http", state: .ok, detail: HTTPLibrary.version)
    }

    private var resources: [Finding] {
        Resources.Item.allCases.map { item in
            checked(item.rawValue) { try Resources(settings.surroundings).url(of: item).path }
        }
    }

    private var theme: Finding {
        checked("theme") {
            try ThemeCatalogue(settings.surroundings).theme(settings.text(.theme)).name
        }
    }

    /// The prompt may come later, unless somebody named one.
    private var prompt: Finding {
        let url = settings.surroundings.url(of: settings.text(.prompt))
        if settings[.prompt].source == .standard,
            !FileManager.default.fileExists(atPath: url.path)
        {
            return Finding(check: "prompt", state: .missing, detail: "no \(url.path)")
        }
        return checked("prompt") {
            "\(url.path), \(try settings.prompt().text.utf8.count) bytes"
        }
    }

    private var queries: Finding {
        checked("queries") {
            let set = try settings.querySet().queries
            return "\(set.train.count) train, \(set.dev.count) dev, \(set.test.count) test"
        }
    }

    private var runs: Finding {
        checked("runs") { "\(try settings.store.runs().count) in \(settings.store.directory.path)" }
    }

    // MARK: Services

    /// What each service says that is configured: one whose key is there, or that needs none.
    func serviceFindings() async -> [Finding] {
        var findings: [Finding] = []
        let catalogue = services.catalogue(settings)
        for name in settings.services.keys.sorted() {
            do {
                guard let report = try await catalogue.report(on: name) else {
                    let variable = settings.services[name]?.keyVariable
                    findings.append(
                        Finding(
                            check: name, state: .missing,
                            detail: "no key in \(variable ?? "the environment")"))
                    continue
                }
                findings.append(Finding(check: name, state: .ok, detail: report))
            } catch {
                findings.append(broken(name, error))
            }
        }
        return findings
    }
}
