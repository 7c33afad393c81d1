import ArgumentParser
import Baking
import Foundation
import Terminal

/// The program: parses the command line, runs the command and turns whatever goes wrong into the
/// promised line and exit code.
@main
enum Program {
    static func main() async {
        // Writing to a closed pipe is an error like others; `Console` reports it.
        signal(SIGPIPE, SIG_IGN)
        // So is a file that outgrows its limit; by default it would end the program.
        signal(SIGXFSZ, SIG_IGN)
        let arguments = Array(CommandLine.arguments.dropFirst())
        if let command = try? OvenCommand.parseAsRoot(arguments) as? OvenCommand,
            command.takesScreen
        {
            // Before there are other threads, as it wants to be.
            TerminalSignals.install()
            // Called as it is: the loop then keeps this thread, not one of those for short work.
            leave(await outcome { try await command.run() })
        }
        let work = Task { await run(arguments) }
        let interruption = Interruption { work.cancel() }
        let code = await work.value
        leave(interruption.received.map { 128 + $0 } ?? code)
    }

    /// Ends the program. Not by `exit`: that takes libraries apart which a thread of the network or of
    /// the kernels may be in just then. Nothing here writes through buffers of the C library.
    private static func leave(_ code: Int32) -> Never {
        _exit(code)
    }

    /// Runs one command line.
    ///
    /// - Returns: The exit code.
    static func run(_ arguments: [String]) async -> Int32 {
        await outcome {
            let root: any ParsableCommand.Type =
                CommandRoot.isMeant(by: arguments) ? CommandRoot.self : OvenCommand.self
            var command = try root.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        }
    }

    /// The exit code that `work` comes to; what went wrong is told.
    private static func outcome(_ work: () async throws -> Void) async -> Int32 {
        let console = Console.standard()
        do {
            try await work()
            return 0
        } catch let exit as ProgramExit {
            return exit.code
        } catch ConsoleError.closed {
            return 128 + SIGPIPE
        } catch is CancellationError {
            return 1
        } catch {
            return report(error, on: console)
        }
    }

    private static func report(_ error: any Error, on console: Console) -> Int32 {
        let parserCode = OvenCommand.exitCode(for: error)
        // Ours are failures; the parser's own are help, version or wrong usage.
        guard let problem = Problem(error) else {
            guard parserCode != .success else {
                // What --help, --version and --generate-completion-script answer.
                return (try? console.write(OvenCommand.fullMessage(for: error) + "\n")) == nil
                    ? 128 + SIGPIPE : 0
            }
            let message = OvenCommand.message(for: error)
            console.complain(message.isEmpty ? "wrong usage" : message)
            console.remark("see oven --help")
            return 2
        }
        console.complain(problem.message)
        return problem.isUsage ? 2 : 1
    }
}

/// Ends the program with `code`; what there is to say has been said.
struct ProgramExit: Error {
    var code: Int32

    /// Finished, but below the result that was asked for.
    static let belowRequirement = ProgramExit(code: 3)
}

/// A mistake on the command line that the parser cannot see.
struct UsageError: Error, Equatable, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// An error of the program's own, as a person reads it.
struct Problem {
    let message: String
    let isUsage: Bool

    /// nil for the errors of the argument parser.
    init?(_ error: any Error) {
        guard !String(reflecting: type(of: error)).hasPrefix("ArgumentParser.") else { return nil }
        isUsage = error is UsageError || error is SettingsError
        message = Self.text(of: error)
    }

    /// Foundation's own description is a dump; ours are lines for people.
    static func text(of error: any Error) -> String {
        type(of: error) is NSError.Type ? (error as NSError).localizedDescription : "\(error)"
    }
}
