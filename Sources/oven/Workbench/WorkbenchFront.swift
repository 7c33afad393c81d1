import Foundation
import Synchronization
import Terminal
import Workbench

/// The workbench on a screen: brings events to the state, shows it, does what concerns the screen
/// and hands everything else on. Belongs to the thread of the event loop.
final class WorkbenchFront: EventLoopClient {
    private var workbench: Workbench
    private let screen: any Screen
    private let handOn: (WorkbenchEffect) -> Void
    private let start = ContinuousClock.now
    private var theme: Theme
    private let themes: ThemeCatalogue
    /// The files of the theme that is shown, and when they were last looked at.
    private var watch: (name: String, files: ThemeWatch, time: Double)
    private(set) var exitCode: Int32?
    private let environment: [String: String]

    var isFinished: Bool { exitCode != nil }

    init(
        _ workbench: Workbench, screen: any Screen, theme: Theme, themes: ThemeCatalogue,
        themeName: String, environment: [String: String],
        handOn: @escaping (WorkbenchEffect) -> Void
    ) {
        self.workbench = workbench
        self.screen = screen
        self.theme = theme
        self.themes = themes
        watch = (themeName, themes.watch(themeName), 0)
        self.environment = environment
        self.handOn = handOn
    }

    private var now: Double { (ContinuousClock.now - start) / .seconds(1) }

    var nextDeadline: ContinuousClock.Instant? {
        workbench.nextDeadline.map { start + .seconds($0) }
    }

    /// A curve needs no more than ten pictures a second; each takes time from the bake.
    var frame: Duration { .milliseconds(workbench.isStreaming ? 33 : 100) }

    func handle(_ occurrences: [Occurrence<WorkbenchEvent>]) {
        reloadTheme()
        for occurrence in occurrences {
            switch occurrence {
            case .input(let input): take(.input(input))
            case .message(let event): take(event)
            case .signal(let number): take(.signal(number))
            case .hangUp: take(.signal(SIGHUP))
            case .tick: take(.tick)
            }
        }
    }

    func draw() -> (surface: Surface, theme: Theme)? { (workbench.draw(), theme) }

    /// Takes one event in and does what follows from it.
    func take(_ event: WorkbenchEvent) {
        if case .theme(_, let theme) = event { self.theme = theme }
        for effect in workbench.handle(event, at: now) { perform(effect) }
    }

    func perform(_ effect: WorkbenchEffect) {
        switch effect {
        case .quit(let code): exitCode = code
        case .suspend: screen.suspend()
        case .redraw: screen.redraw()
        case .copy(let text): copy(text)
        case .edit(let target, let text): edit(text, for: target)
        case .useTheme(let name): use(theme: name)
        default: handOn(effect)
        }
    }

    /// Reads the theme again where its files have changed. Looked at when something happens, such as
    /// the window's focus coming back, so that nothing runs while nothing does.
    private func reloadTheme() {
        let now = now
        guard now - watch.time > 0.5 else { return }
        watch.time = now
        if watch.files.hasChanged { use(theme: watch.name) }
    }

    private func use(theme name: String) {
        watch = (name, themes.watch(name), now)
        do {
            let theme = try themes.theme(name)
            take(.theme(name: name, theme))
        } catch {
            take(.notice(.error, "\(error)"))
        }
    }

    /// Control characters but line feeds and tabs do not reach the clipboard.
    private func copy(_ text: String) {
        let scalars = text.unicodeScalars.filter {
            $0 == "\n" || $0 == "\t" || $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value)
        }
        let plain = String(String.UnicodeScalarView(scalars))
        if Clipboard.copy(plain, environment: environment) { return }
        if !screen.copy(plain) {
            take(.notice(.warning, "this terminal may not take the text to the clipboard"))
        }
    }

    private func edit(_ text: String, for target: EditTarget) {
        do {
            let edited = try screen.runOutside {
                try ExternalEditor.edit(text, environment: environment)
            }
            take(.edited(target, edited))
        } catch {
            take(.notice(.error, "\(error)"))
        }
    }
}
