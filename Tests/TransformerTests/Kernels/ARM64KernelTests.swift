import Foundation
import TestSupport
import Testing

/// What compiles the kernels for arm64 Linux and runs them here.
private struct CrossTools {
    let clang: URL
    let emulator: URL

    private static let environment = ProcessInfo.processInfo.environment

    private static func program(_ name: String) -> URL? {
        (environment["PATH"] ?? "").split(separator: ":")
            .map { URL(filePath: String($0)).appending(path: name) }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }

    /// Nil where one is missing: clang (on the path or the toolchain's), GCC's linker and library for
    /// arm64, the C library for it, the emulator.
    static let installed: CrossTools? = {
        let beside = program("swift")?.resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "clang")
        guard let clang = program("clang") ?? beside,
            program("aarch64-linux-gnu-gcc") != nil,
            FileManager.default.fileExists(atPath: "/usr/aarch64-linux-gnu/lib/libc.a"),
            let emulator = program("qemu-aarch64")
        else { return nil }
        return CrossTools(clang: clang, emulator: emulator)
    }()

    /// False skips: on a developer's machine they may be missing, in continuous integration not.
    /// On macOS the other tests run on arm64.
    #if os(Linux)
        static let areWanted = installed != nil || environment["CI"] == "true"
    #else
        static let areWanted = false
    #endif
}

@Suite(
    .enabled(
        if: CrossTools.areWanted,
        "tools for arm64 are not installed; with CI=true that is a failure"))
struct ARM64KernelTests {
    /// Runs a program to its end: whether it succeeded, and all it wrote.
    private func run(_ program: URL, _ arguments: [String]) throws -> (Bool, String) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = program
        process.arguments = arguments
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let succeeded = process.terminationReason == .exit && process.terminationStatus == 0
        return (succeeded, String(decoding: output, as: UTF8.self))
    }

    /// The program that checks all kernels, for arm64.
    private func compile(with tools: CrossTools, in directory: TemporaryDirectory) throws -> URL {
        let tests = URL(filePath: #filePath).appending(path: "../..").standardized
        let kernels = tests.appending(path: "../../Sources/CKernels").standardized
        let sources = try FileManager.default.contentsOfDirectory(atPath: kernels.path)
            .filter { $0.hasSuffix(".c") }.map { kernels.appending(path: $0) }
        let checks = tests.appending(path: "Fixtures/kernels/kernel_checks.c")
        let program = directory.url.appending(path: "kernel_checks")
        // The linker by name: a compiler may prefer one that not every system has for arm64.
        let (succeeded, output) = try run(
            tools.clang,
            ["--target=aarch64-linux-gnu", "-fuse-ld=bfd", "-static", "-O2"]
                + ["-I\(kernels.path)/include"] + (sources + [checks]).map(\.path)
                + ["-o", program.path, "-lm", "-lpthread"])
        try #require(succeeded, "\(output)")
        return program
    }

    // One test: compiling takes most of the time.
    @Test func `kernels agree with sums in double precision, with and without bf16`() throws {
        let tools = try #require(CrossTools.installed, "tools for arm64 are not installed")
        let directory = try TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        let program = try compile(with: tools, in: directory)
        for (machine, first) in [("max", "neon-bf16"), ("cortex-a72", "neon")] {
            let (succeeded, output) = try run(tools.emulator, ["-cpu", machine, program.path])
            #expect(succeeded, "\(output)")
            #expect(output.hasPrefix("first \(first)\n"))
        }
    }
}
