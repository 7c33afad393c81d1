internal import Baking
internal import Terminal

/// The workbench in lines, for screen readers and terminals that can do no more: nothing that was
/// written changes, choices are numbered, the chart is a sentence.
///
/// Events come in as for ``Workbench``, a line that was typed as a paste. What goes out are lines
/// and the same effects.
package struct PlainWorkbench: Sendable {
    /// What a line that is typed means.
    enum Mode: Hashable {
        case menu
        /// The lines so far.
        case writing([String])
        case chat([Arm])
        case data(from: Int)
        case runs
        case settings
        case value(of: String)
        case stopping
    }

    /// What came of an event.
    package struct Answer: Hashable, Sendable {
        /// Safe, each without its line feed.
        package var lines: [String] = []
        package var effects: [WorkbenchEffect] = []
        /// The exit code when the program is to end.
        package var exitCode: Int32?
    }

    private let isASCII: Bool
    private var mode = Mode.menu
    private var path: String
    private var text = ""
    private var savedText: String?
    private var tokens: Int?
    private var model: ModelOverview?
    private var settings: [SettingRow] = []
    private var runs: [RunRow] = []
    private var rows: [String: DatasetRow] = [:]
    private var order: [String] = []
    private var history = RunHistory()
    private var run: String?
    private var series = ChartSeries(name: "kl", unit: "nats", role: .chartStudent)
    private var transcript = Transcript()
    private var job: JobKind?
    private var isPaused = false
    /// Why a service lets the work wait, as it was last told.
    private var waitingFor: String?
    private var question: Int?
    private var questionCount = 0
    private var lastTenth = -1
    private var isListed = false
    private var answer = Answer()

    package init(isASCII: Bool, promptPath: String) {
        self.isASCII = isASCII
        path = promptPath
    }

    /// Takes in what happened.
    package mutating func handle(_ event: WorkbenchEvent) -> Answer {
        answer = Answer()
        switch event {
        case .input(.paste(let line)): typed(line)
        case .signal(let number):
            if let job, number != 0 { say("stopping the \(job)") }
            answer.exitCode = number == 0 ? 0 : 128 + number
        case .prompt(let file):
            path = file.path
            text = file.draft ?? file.text
            savedText = file.exists ? file.text : nil
            answer.effects.append(.countTokens(text: text, revision: 0))
        case .promptSaved:
            savedText = text
            say("saved \(path)")
        case .tokenCount(let count, _):
            tokens = count
        case .settings(let rows): settings = rows
        case .model(let overview):
            model = overview
            answer.effects.append(.countTokens(text: text, revision: 0))
            if mode == .menu, job == nil { menu() }
        case .runs(let rows): listed(rows)
        case .run(let opened): open(opened)
        case .rows(let new, let startingOver):
            if startingOver { (rows, order) = ([:], []) }
            for row in new where rows.updateValue(row, forKey: row.id) == nil {
                order.append(row.id)
            }
        case .transcript(let transcript): self.transcript = transcript
        case .jobStarted(let kind):
            job = kind
            lastTenth = -1
        case .job(let event): happened(event)
        case .jobPaused(let isPaused):
            self.isPaused = isPaused
            say(isPaused ? "paused" : "going on")
        case .jobEnded(let end): ended(end)
        case .reply(let id, let event): replied(id, event)
        case .replyEnded(let id, let failure):
            guard id == question else { break }
            question = nil
            if let failure { say("error: \(failure)") }
        case .notice(let kind, let text):
            say((kind == .error ? "error: " : kind == .warning ? "warning: " : "") + text)
        case .service(let notice): heard(notice)
        case .edited(.prompt, let new): changePrompt(new)
        case .models, .moreModels, .themes, .theme, .promptFiles, .restored, .edited, .input, .tick:
            break
        }
        return answer
    }

    private mutating func heard(_ notice: ServiceNotice) {
        switch notice {
        case .waiting(_, let reason, _):
            // Said again only when it is another reason: lines stay.
            if reason != waitingFor { say(notice.text) }
            waitingFor = reason
        case .resumed:
            if waitingFor != nil { say(notice.text) }
            waitingFor = nil
        case .note: say(notice.text)
        case .warning: say("warning: \(notice.text)")
        }
    }

    private mutating func say(_ line: String) {
        answer.lines.append(line.terminalSafeLine(isASCII: isASCII))
    }

    /// Text of several lines that others wrote.
    private mutating func show(_ text: String) {
        answer.lines += text.terminalSafe(isASCII: isASCII)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    // MARK: Lines

    private static let choices = [
        "show the prompt", "edit the prompt in $EDITOR", "write the prompt here",
        "generate the data", "bake", "chat", "compare", "look at the data", "runs", "settings",
        "how the bake is", "pause, or go on", "stop after a checkpoint", "quit",
    ]

    private mutating func menu() {
        mode = .menu
        say("")
        if let model { say("model \(model.name): \(model.details)") }
        say(
            "prompt \(path): " + (tokens.map { "\($0) tokens, " } ?? "")
                + (text == savedText ? "saved" : "not saved"))
        for (index, choice) in Self.choices.enumerated() { say("\(index + 1) \(choice)") }
        say("Type a number and Enter.")
    }

    private mutating func typed(_ line: String) {
        let word = line.trimmed
        switch mode {
        case .menu: choose(word)
        case .writing(let lines):
            guard word == "." else {
                mode = .writing(lines + [line])
                return
            }
            changePrompt(lines.joined(separator: "\n") + "\n")
            menu()
        case .chat(let arms):
            if word.isEmpty || word == "/menu" { return menu() }
            ask(line, arms)
        case .data(let from):
            if word.isEmpty { return menu() }
            if word == "n" { return showRows(from: from + 10) }
            openRow(word)
        case .runs:
            guard let number = Int(word), runs.indices.contains(number - 1) else { return menu() }
            answer.effects.append(.openRun(runs[number - 1].summary.run))
            mode = .menu
        case .settings:
            guard let number = Int(word), settings.indices.contains(number - 1) else {
                return menu()
            }
            let row = settings[number - 1]
            say("\(row.name): \(row.help) Takes \(row.expectation). Type a value and Enter.")
            mode = .value(of: row.name)
        case .value(let name):
            if !word.isEmpty { answer.effects.append(.set(setting: name, to: word)) }
            menu()
        case .stopping: break
        }
    }

    private mutating func choose(_ word: String) {
        guard let number = Int(word), Self.choices.indices.contains(number - 1) else {
            return menu()
        }
        switch number {
        case 1:
            say("\(path):")
            show(text)
        case 2: answer.effects.append(.edit(.prompt, text: text))
        case 3:
            say("Write the prompt; a line with a single point ends it.")
            mode = .writing([])
        case 4, 5: start(number == 4 ? .generate : .bake)
        case 6:
            say("Write to the model; an empty line goes back.")
            mode = .chat([history.step > 0 || isBaked ? .baked : .prompted])
        case 7:
            say("Write to all of them; an empty line goes back.")
            mode = .chat([.prompted, .baked, .base])
        case 8: showRows(from: 0)
        case 9:
            for (index, row) in runs.enumerated() { say("\(index + 1) \(sentence(of: row))") }
            say(runs.isEmpty ? "There are no runs yet." : "A number opens a run; Enter goes back.")
            mode = runs.isEmpty ? .menu : .runs
        case 10:
            for (index, row) in settings.enumerated() {
                say("\(index + 1) \(row.name) is \(row.value), from \(row.source)")
            }
            say("A number changes a setting; Enter goes back.")
            mode = .settings
        case 11: say(run == nil ? "Nothing is baked yet." : bakeSentence)
        case 12:
            if job == nil {
                say("No job is running.")
            } else {
                answer.effects.append(.pause(!isPaused))
            }
        case 13:
            if job == nil {
                say("No job is running.")
            } else {
                answer.effects.append(.stop(afterCheckpoint: true))
            }
        default: answer.exitCode = 0
        }
    }

    private var isBaked: Bool { runs.contains { $0.summary.step > 0 } }

    private mutating func changePrompt(_ new: String) {
        text = new
        answer.effects += [
            .savePrompt(path: path, text: new, revision: 0),
            .countTokens(text: new, revision: 0),
        ]
    }

    // MARK: Work

    private mutating func start(_ kind: JobKind) {
        guard job == nil else { return say("A job is running.") }
        guard !text.trimmed.isEmpty else { return say("The prompt is empty.") }
        if text != savedText {
            answer.effects.append(.savePrompt(path: path, text: text, revision: 0))
        }
        answer.effects.append(.start(kind, JobRequest(promptPath: path, promptText: text)))
    }

    private mutating func happened(_ event: BakeEvent) {
        history.apply(event)
        switch event.kind {
        case .runStarted(let start):
            if run != start.run {
                series = ChartSeries(name: "kl", unit: "nats", role: .chartStudent)
            }
            run = start.run
            series.truncate(after: start.fromStep)
            say("run \(start.run)" + (start.resumed ? ", continued" : ""))
        case .generationProgress(let progress):
            tell("generated", progress.completed, progress.total)
        case .teacherProgress(let progress): tell("scored", progress.completed, progress.total)
        case .step(let step):
            series.truncate(after: step.step - 1)
            series.append(step: step.step, value: step.kl)
        case .evaluation: say(bakeSentence)
        case .checkpoint(let checkpoint): say("checkpoint at step \(checkpoint.step)")
        case .verification(let report):
            say("verified: \(Figures.percent(report.gapClosed)) of the gap closed")
        case .runFinished(let finish):
            say("\(finish.run) is baked in \(ProgressBar.duration(finish.seconds))")
        case .warning(let notice): say("warning: \(Figures.text(of: notice))")
        case .error: break
        }
    }

    /// Says every tenth of a long work.
    private mutating func tell(_ what: String, _ completed: Int, _ total: Int) {
        let tenth = total > 0 ? completed * 10 / total : 10
        guard tenth != lastTenth else { return }
        lastTenth = tenth
        say("\(what) \(completed) of \(total)")
    }

    private var bakeSentence: String {
        let sentence = ChartSentence.text(series, gapClosed: history.gapClosed)
        guard !sentence.isEmpty else {
            return "no steps yet; the base is \(Figures.kl(history.baseKL)) nats away"
        }
        return sentence
            + (history.secondsLeft.map { job == nil ? "" : ", \(ProgressBar.duration($0)) left" }
                ?? "")
    }

    private mutating func ended(_ end: JobEnd) {
        job = nil
        isPaused = false
        switch end {
        case .finished: say("done")
        case .stopped: say("stopped; the same choice goes on where it was")
        case .failed(let reason): say("error: \(reason)")
        }
        answer.effects.append(.listRuns)
        if mode == .menu { menu() }
    }

    // MARK: Runs and rows

    private mutating func listed(_ rows: [RunRow]) {
        let isFirst = !isListed
        isListed = true
        runs = rows
        if isFirst, run == nil, job == nil, let newest = rows.first {
            answer.effects.append(.openRun(newest.summary.run))
        }
    }

    private mutating func open(_ opened: OpenRun) {
        run = opened.name
        history = opened.history
        series = ChartSeries(name: "kl", unit: "nats", role: .chartStudent)
        for step in history.steps { series.append(step: step.step, value: step.kl) }
        say("opened \(opened.name): \(bakeSentence)")
    }

    private func sentence(of row: RunRow) -> String {
        let run = row.summary
        return "\(run.run), \(run.state.rawValue), step \(run.step) of \(run.steps)"
            + (run.kl.map { ", kl \(Figures.kl($0))" } ?? "")
            + (run.gapClosed.map { ", \(Figures.percent($0)) of the gap closed" } ?? "")
    }

    private mutating func showRows(from start: Int) {
        guard start < order.count else {
            say(order.isEmpty ? "There are no examples yet." : "These were all.")
            return menu()
        }
        for index in start..<min(start + 10, order.count) {
            guard let row = rows[order[index]] else { continue }
            let state = row.state == .struck ? "struck, " : ""
            say("\(index + 1) \(state)\(row.query): \(row.response)")
        }
        say("n goes on, a number shows one, x and a number strikes it out, Enter goes back.")
        mode = .data(from: start)
    }

    private mutating func openRow(_ word: String) {
        let isStrike = word.hasPrefix("x")
        let number = Int(word.drop { $0 == "x" || $0 == " " })
        guard let number, order.indices.contains(number - 1), let row = rows[order[number - 1]]
        else { return menu() }
        if isStrike {
            answer.effects.append(
                row.state == .struck ? .restoreRow(id: row.id) : .strikeRow(id: row.id))
            return
        }
        say("query: \(row.query)")
        show("response: \(row.response)")
    }

    // MARK: Chat

    private mutating func ask(_ message: String, _ arms: [Arm]) {
        guard question == nil else { return say("An answer is still coming.") }
        questionCount += 1
        question = questionCount
        let asked = Question(
            id: questionCount, message: message, arms: arms, transcript: transcript, strength: 1,
            temperature: 0.7, seed: UInt64(transcript.turns.count), run: run, prompt: text)
        let changes = transcript.begin(
            message, arms: arms, strength: 1, temperature: 0.7, seed: asked.seed)
        answer.effects += [.record(changes), .ask(asked)]
    }

    private mutating func replied(_ id: Int, _ event: ComparisonEvent) {
        guard id == question else { return }
        if let change = transcript.apply(event) { answer.effects.append(.record([change])) }
        // Whole replies: what grows cannot be read aloud.
        switch event {
        case .finished(let arm, let reply):
            let step = transcript.turns.last?[arm]?.step
            show("\(arm.rawValue)\(step.map { ", step \($0)" } ?? ""): \(reply.text)")
        case .failed(let arm, let reason): say("\(arm.rawValue), error: \(reason)")
        case .began, .piece: break
        }
    }
}
