import Baking
import Foundation
import Terminal
import Workbench

/// Opens the workbench: on the terminal, as lines, or driven by a script.
struct WorkbenchStart {
    let flags: [SettingName: String]
    let settings: Settings
    let isASCII: Bool
    let isPlain: Bool
    let script: String?
    let trace: String?

    private var environment: [String: String] { settings.surroundings.environment }

    /// Runs to its end.
    ///
    /// - Returns: The exit code.
    func run() async throws -> Int32 {
        let isUTF8 = TerminalLocale.begin(environment: environment)
        let glyphs = Glyphs(isASCII: isASCII || !isUTF8)
        let themes = ThemeCatalogue(settings.surroundings)
        let mailbox = Mailbox<WorkbenchEvent>()
        let session = try WorkbenchSession(
            settings: settings, flags: flags, themes: themes, trace: trace,
            post: { mailbox.post($0) })
        let (effects, handOn) = AsyncStream.makeStream(of: WorkbenchEffect.self)
        let worker = Task {
            for await effect in effects { await session.perform(effect) }
        }
        let code: Int32
        if let script {
            let screen = ScriptScreen(size: Size(columns: 80, rows: 24))
            let front = try front(screen, glyphs: glyphs, themes: themes, handOn)
            await begin(session)
            code = try ScriptRunner(script, screen: screen, front: front, mailbox: mailbox).run()
        } else if isPlain {
            await begin(session)
            var loop = PlainLoop(
                plain: PlainWorkbench(
                    isASCII: glyphs.isASCII, promptPath: settings.text(.prompt)),
                console: .standard(settings), mailbox: mailbox, environment: environment,
                handOn: { handOn.yield($0) })
            code = try loop.run()
        } else {
            code = try await onScreen(session, glyphs, themes, mailbox, handOn)
        }
        handOn.finish()
        await worker.value
        await session.end()
        return code
    }

    /// What the first frame shows is there when this returns; what takes longer has begun.
    private func begin(_ session: WorkbenchSession) async {
        await session.prepare()
        Task { await session.begin() }
    }

    private func onScreen(
        _ session: WorkbenchSession, _ glyphs: Glyphs, _ themes: ThemeCatalogue,
        _ mailbox: Mailbox<WorkbenchEvent>,
        _ handOn: AsyncStream<WorkbenchEffect>.Continuation
    ) async throws -> Int32 {
        let depth = ColourDepth.choose(
            setting: settings.text(.color), environment: environment, isTerminal: true,
            terminfoColours: Ncurses.colours)
        let log = settings.surroundings.stateDirectory.appending(path: "stderr.log")
        try FileManager.default.createDirectory(
            at: log.deletingLastPathComponent(), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let screen = try NcursesScreen(
            options: NcursesScreen.Options(
                depth: depth, isASCII: glyphs.isASCII, hasMouse: settings.flag(.mouse), log: log,
                environment: environment))
        defer {
            screen.end()
            TerminalSignals.remove()
        }
        let front = try front(screen, glyphs: glyphs, themes: themes, handOn)
        await begin(session)
        EventLoop(screen: screen, mailbox: mailbox).run(front)
        return front.exitCode ?? 0
    }

    private func front(
        _ screen: any Screen, glyphs: Glyphs, themes: ThemeCatalogue,
        _ handOn: AsyncStream<WorkbenchEffect>.Continuation
    ) throws -> WorkbenchFront {
        let name = settings.text(.theme)
        var theme = Theme.monochrome
        var complaint: String?
        do {
            theme = try themes.theme(name)
        } catch {
            // A theme that cannot be read must not keep anybody from working.
            complaint = "\(error)"
            if let standard = try? themes.theme("oven-dark") { theme = standard }
        }
        let keyMap = try KeyMap(
            commands: CommandTable.commands, titles: CommandTable.titles,
            overrides: try settings.url(.keys).map { try KeyMapFile($0) })
        let terminal = environment["TERM"] ?? ""
        let workbench = Workbench(
            Workbench.Surroundings(
                glyphs: glyphs,
                chartGlyphs: .choose(isASCII: glyphs.isASCII, terminal: terminal), keyMap: keyMap,
                theme: name),
            size: screen.size)
        let front = WorkbenchFront(
            workbench, screen: screen, theme: theme, themes: themes, themeName: name,
            environment: environment, handOn: { handOn.yield($0) })
        if let complaint { front.take(.notice(.error, complaint)) }
        return front
    }
}
