import Foundation
import Terminal
import Workbench

/// Runs the workbench in lines: standard input in, standard output out.
struct PlainLoop {
    var plain: PlainWorkbench
    let console: Console
    let mailbox: Mailbox<WorkbenchEvent>
    let environment: [String: String]
    let handOn: (WorkbenchEffect) -> Void

    /// - Returns: The exit code.
    mutating func run() throws -> Int32 {
        let mailbox = mailbox
        let interruption = Interruption { mailbox.post(.signal(SIGINT)) }
        let reader = Thread {
            while let line = readLine() { mailbox.post(.input(.paste(line))) }
            // The end of the input ends the program.
            mailbox.post(.signal(0))
        }
        reader.start()
        while true {
            mailbox.wait(until: nil)
            for event in mailbox.take() {
                if let code = try take(event) {
                    return interruption.received.map { 128 + $0 } ?? code
                }
            }
        }
    }

    private mutating func take(_ event: WorkbenchEvent) throws -> Int32? {
        let answer = plain.handle(event)
        for line in answer.lines { try console.line(line) }
        for effect in answer.effects {
            if case .edit(let target, let text) = effect {
                do {
                    let edited = try ExternalEditor.edit(text, environment: environment)
                    if let code = try take(.edited(target, edited)) { return code }
                } catch {
                    console.complain("\(error)")
                }
            } else {
                handOn(effect)
            }
        }
        return answer.exitCode
    }
}
