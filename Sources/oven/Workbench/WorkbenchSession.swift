import Backends
import Baking
import Foundation
import Terminal
import Workbench

/// Does what the workbench wants done with models, runs and files, and posts what comes of it.
actor WorkbenchSession {
    let post: @Sendable (WorkbenchEvent) -> Void
    /// The flags of the command line.
    private let flags: [SettingName: String]
    /// Settings that were changed in the workbench; they win over everything.
    private var changes: [SettingName: String] = [:]
    var settings: Settings
    let themes: ThemeCatalogue
    let services: Services

    private var loading: (key: ModelKey, task: Task<any BakingBackend, any Error>)?
    var job: RunningJob?
    var replies: [Int: Task<Void, Never>] = [:]
    /// Figures on their way to where else they go.
    var finishing: [Task<Void, Never>] = []
    /// Follows the rows of the run that is open.
    var reader: (run: String, rows: DatasetReader)?
    /// The prompt as its file had it when it was read, by path.
    private var knownPrompts: [String: String] = [:]
    private var transcript: TranscriptFile?
    private var countedText: (text: String, revision: Int)?
    private var isCounting = false
    /// What is being typed and is not on disk yet.
    private var unwritten = Unwritten()

    /// What decides which model is in memory.
    struct ModelKey: Hashable {
        var model: String
        var precise: Bool
        var int8: Bool
        var threads: Int?
        /// Where it is, for a model that is elsewhere.
        var service: ServiceConfiguration?

        init(_ settings: Settings) {
            service = settings.remoteModel.flatMap { settings.services[$0.service] }
            model = settings.text(.model)
            precise = settings.flag(.precise)
            int8 = settings.flag(.int8)
            threads = settings.threads
        }
    }

    /// The work going on.
    struct RunningJob {
        var kind: JobKind
        var task: Task<Void, Never>
        var control: BakeControl
        /// Once it has one.
        var run: Run?
        /// Whether there are weights in training that can answer.
        var isTraining = false
        /// Steps of the whole bake, once known.
        var stepCount: Int?
        var lastReading: ContinuousClock.Instant?
    }

    /// What changes with every key, as it is now.
    struct Unwritten {
        var draft: (path: String, text: String?)?
        var state: SavedState?

        var isEmpty: Bool { draft == nil && state == nil }
    }

    init(
        settings: Settings, flags: [SettingName: String], themes: ThemeCatalogue, trace: String?,
        post: @escaping @Sendable (WorkbenchEvent) -> Void
    ) throws {
        services = try Services(trace: trace.map { settings.surroundings.url(of: $0) }) {
            post(.service($0))
        }
        self.settings = settings
        self.flags = flags
        self.themes = themes
        self.post = post
    }

    /// Tells what the first frame shows.
    func prepare() {
        restore()
        loadPrompt(settings.text(.prompt))
    }

    /// Tells what else is known at the start.
    func begin() async {
        listRuns()
        post(.themes(themes.names))
        postSettings()
        await loadModel()
    }

    /// Ends what is going on, in order; returns when everything is on disk.
    func end() async {
        writeUnwritten()
        for task in replies.values { task.cancel() }
        job?.task.cancel()
        await job?.task.value
        for task in finishing { await task.value }
        if let loading { try? await loading.task.value.close(.interrupted) }
    }

    // MARK: Effects

    func perform(_ effect: WorkbenchEffect) async {
        switch effect {
        case .loadPrompt(let path): loadPrompt(path)
        case .savePrompt(let path, let text, let revision):
            savePrompt(path, text: text, revision: revision)
        case .saveDraft(let path, let text): saveDraft(path, text: text)
        case .countTokens(let text, let revision): count(text, revision: revision)
        case .listPromptFiles: listPromptFiles()
        case .start(let kind, let request): start(kind, request)
        case .pause(let isPaused):
            if isPaused { job?.control.pause() } else { job?.control.resume() }
            post(.jobPaused(isPaused))
        case .stop(let afterCheckpoint): stop(afterCheckpoint: afterCheckpoint)
        case .ask(let question): ask(question)
        case .record(let changes): record(changes)
        case .cancelReply(let id): replies.removeValue(forKey: id)?.cancel()
        case .listRuns: listRuns()
        case .openRun(let name): open(name, isForOverlay: false)
        case .openForOverlay(let name): open(name, isForOverlay: true)
        case .renameRun(let name, let other): rename(name, to: other)
        case .deleteRun(let name): delete(name)
        case .refreshRows: readRows()
        case .copyRows(let run): copyRows(of: run)
        case .strikeRow(let id): change { try $0.strike(id) }
        case .restoreRow(let id): change { try $0.restore(id) }
        case .editRow(let id, let response): change { try $0.edit(id, response: response) }
        case .set(let setting, let text): await set(setting, to: text)
        case .unset(let setting): await unset(setting)
        case .writeSettings: writeSettings()
        case .listModels: listModels()
        case .save(let state): write { $0.state = state }
        case .useTheme, .copy, .edit, .suspend, .redraw, .quit: break
        }
    }

    /// Does something that may fail and says why it did.
    func attempt(_ body: () throws -> Void) {
        do { try body() } catch { post(.notice(.error, Problem.text(of: error))) }
    }

    // MARK: The model

    /// - Parameter isNew: Whether a person just chose it, and is told that it is there.
    private func loadModel(isNew: Bool = false) async {
        do {
            let model = try await backend().model
            // A service does not tell how many.
            let weights =
                model.parameterCount > 0 ? "\(Self.count(model.parameterCount)) weights, " : ""
            let overview = ModelOverview(
                name: model.name, details: weights + model.arithmetic,
                card: ModelCard.text(of: settings))
            post(.model(overview))
            if isNew { post(.notice(.success, "\(model.name) is ready: \(overview.details)")) }
        } catch {
            post(.notice(.error, Problem.text(of: error)))
        }
    }

    private static func count(_ number: Int) -> String {
        number >= 1_000_000_000
            ? String(format: "%.1f G", Double(number) / 1e9)
            : String(format: "%.1f M", Double(number) / 1e6)
    }

    /// The model of `settings`, loaded once.
    func backend(_ settings: Settings? = nil) async throws -> any BakingBackend {
        let settings = settings ?? self.settings
        let key = ModelKey(settings)
        if let loading, loading.key == key { return try await loading.task.value }
        let (post, services, previous) = (post, services, loading?.task)
        let task = Task {
            // What it holds elsewhere is given back.
            if let previous { try? await previous.value.close(.finished) }
            return try await Self.load(settings, services, post: post)
        }
        loading = (key, task)
        do {
            return try await task.value
        } catch {
            if loading?.key == key { loading = nil }
            throw error
        }
    }

    @concurrent
    private static func load(
        _ settings: Settings, _ services: Services, post: @Sendable (WorkbenchEvent) -> Void
    ) async throws -> any BakingBackend {
        let opened = try await services.catalogue(settings).model(isBackground: true)
        for warning in opened.warnings { post(.notice(.warning, warning)) }
        return opened.backend
    }

    /// Counts the newest text only: while one is counted others may come.
    private func count(_ text: String, revision: Int) {
        countedText = (text, revision)
        guard !isCounting else { return }
        isCounting = true
        Task {
            while let next = countedText {
                countedText = nil
                if let backend = try? await backend() {
                    let tokens = await Self.tokens(in: next.text, for: backend)
                    post(.tokenCount(tokens, revision: next.revision))
                }
            }
            isCounting = false
        }
    }

    @concurrent
    private static func tokens(in text: String, for backend: any BakingBackend) async -> Int {
        TokenCount.tokens(in: text, for: backend)
    }

    // MARK: Settings

    private func postSettings() {
        let rows = Setting.table.map { setting in
            let resolved = settings[setting.name]
            let isChanged = changes[setting.name] != nil
            return SettingRow(
                name: setting.name.rawValue, value: setting.text(of: resolved.value),
                source: isChanged ? "changed here" : resolved.source.text, help: setting.help,
                expectation: setting.kind.expectation, choices: setting.kind.shortChoices,
                isChanged: isChanged)
        }
        post(.settings(rows))
    }

    private func set(_ name: String, to text: String) async {
        guard let name = SettingName(rawValue: name) else { return }
        await change { $0[name] = text }
    }

    private func unset(_ name: String) async {
        guard let name = SettingName(rawValue: name) else { return }
        await change { $0[name] = nil }
    }

    private func change(_ change: (inout [SettingName: String]) -> Void) async {
        var changed = changes
        change(&changed)
        do {
            let new = try Settings(
                flags: flags.merging(changed) { $1 }, in: settings.surroundings)
            let isOtherModel = ModelKey(new) != ModelKey(settings)
            if isOtherModel, job != nil {
                post(.notice(.warning, "the model can be changed when the job is done or stopped"))
                return
            }
            if isOtherModel { _ = try new.modelLocation() }
            let isOtherGenerator = new.text(.generator) != settings.text(.generator)
            settings = new
            changes = changed
            postSettings()
            // A service may let wait; other things go on.
            if isOtherModel { Task { await loadModel(isNew: true) } }
            if isOtherGenerator { testGenerator() }
        } catch {
            post(.notice(.error, Problem.text(of: error)))
        }
    }

    /// Says at once whether the service that is to write the responses can be reached.
    private func testGenerator() {
        let catalogue = services.catalogue(settings)
        Task {
            do {
                guard let name = try settings.generatorService()?.service else { return }
                guard let report = try await catalogue.report(on: name) else {
                    let variable = settings.services[name]?.keyVariable ?? "a key"
                    return post(.notice(.warning, "\(name) needs \(variable)"))
                }
                post(.notice(.success, "\(name) \(report)"))
            } catch {
                post(.notice(.error, Problem.text(of: error)))
            }
        }
    }

    private func writeSettings() {
        guard !changes.isEmpty else {
            return post(.notice(.info, "nothing was changed here"))
        }
        attempt {
            let file = settings.surroundings.directoryFile
            try SettingsWriter.write(changes, to: file)
            let names = changes.keys.map(\.rawValue).sorted().joined(separator: ", ")
            changes = [:]
            settings = try Settings(flags: flags, in: settings.surroundings)
            postSettings()
            post(.notice(.success, "wrote \(names) to \(file.lastPathComponent)"))
        }
    }

    private func listModels() {
        post(.models(["starter"] + ModelLocation.cachedNames(in: settings.surroundings)))
        let catalogue = services.catalogue(settings)
        Task {
            let names = await catalogue.trainableModels()
            if !names.isEmpty { post(.moreModels(names)) }
        }
    }

    // MARK: Prompts

    private func loadPrompt(_ path: String) {
        writeUnwritten()
        attempt {
            let file = settings.surroundings.url(of: path)
            var text: String?
            if FileManager.default.fileExists(atPath: file.path) {
                text = try PromptFiles.text(of: file)
            }
            knownPrompts[path] = text
            let draft = try PromptDraft(of: file, stateDirectory: stateDirectory).read()
            post(
                .prompt(
                    PromptFile(
                        path: path, text: try text ?? shippedPrompt(), exists: text != nil,
                        draft: draft?.isDifferent == true ? draft?.text : nil)))
            settings.use(.text(path), for: .prompt)
        }
    }

    /// What a directory without a prompt is offered.
    private func shippedPrompt() throws -> String {
        try Prompt(file: Resources(settings.surroundings).url(of: .prompt)).text
    }

    private func savePrompt(_ path: String, text: String, revision: Int) {
        writeUnwritten()
        attempt {
            let file = settings.surroundings.url(of: path)
            try PromptFiles.save(text, to: file, over: knownPrompts[path])
            knownPrompts[path] = text
            try PromptDraft(of: file, stateDirectory: stateDirectory).remove()
            post(.promptSaved(path: path, revision: revision))
        }
    }

    private func saveDraft(_ path: String, text: String?) {
        if let draft = unwritten.draft, draft.path != path { writeUnwritten() }
        write { $0.draft = (path, text) }
    }

    private func listPromptFiles() {
        attempt {
            let directory = settings.surroundings.workingDirectory
            let files = try PromptFiles.candidates(in: directory, runs: settings.store.runs())
            post(
                .promptFiles(
                    files.map {
                        PromptChoice(
                            path: $0.url.lastPathComponent, firstLine: $0.firstLine,
                            isBaked: $0.run != nil)
                    }))
        }
    }

    // MARK: What is kept

    private var stateDirectory: URL { settings.surroundings.stateDirectory }

    private var stateFile: StateFile { StateFile(settings.surroundings) }

    private func restore() {
        attempt {
            post(.restored(try stateFile.read() ?? SavedState()))
            let file = try TranscriptFile(stateFile.transcript)
            transcript = file
            post(.transcript(file.transcript))
        }
    }

    /// Writes what changed a moment later, with what changes until then: bringing a file to the
    /// disk takes milliseconds, and keys come faster than that.
    private func write(_ change: (inout Unwritten) -> Void) {
        let isFirst = unwritten.isEmpty
        change(&unwritten)
        guard isFirst else { return }
        Task {
            try? await Task.sleep(for: .milliseconds(300))
            writeUnwritten()
        }
    }

    private func writeUnwritten() {
        let (draft, state) = (unwritten.draft, unwritten.state)
        unwritten = Unwritten()
        if let draft {
            attempt {
                let file = PromptDraft(
                    of: settings.surroundings.url(of: draft.path), stateDirectory: stateDirectory)
                if let text = draft.text { try file.keep(text) } else { try file.remove() }
            }
        }
        if let state { attempt { try stateFile.write(state) } }
    }

    private func record(_ changes: [Transcript.Change]) {
        attempt { for change in changes { try transcript?.append(change) } }
    }
}
