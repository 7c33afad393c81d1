import Foundation
import Testing

@Suite struct InstallTests {
    @Test func `an installed program finds its model beside it`() throws {
        let oven = try OvenProcess()
        let installation = try oven.run("install", "--prefix", "there")
        #expect(installation.code == 0, "\(installation.errors)")
        let root = oven.directory.url.appending(path: "there")
        for path in [
            "bin/oven", "share/oven/starter/model.safetensors", "share/oven/queries.yaml",
            "share/oven/themes/oven-dark.yaml", "share/man/man1/oven.1",
            "share/bash-completion/completions/oven", "share/zsh/site-functions/_oven",
            "share/fish/vendor_completions.d/oven.fish",
        ] {
            #expect(FileManager.default.fileExists(atPath: root.appending(path: path).path))
        }
        let paths = try oven.shell("ln -s there/bin/oven link && ./link config --paths").output
        #expect(paths.contains("\(root.path)/share/oven/starter"))
        // Installing again replaces what is there.
        #expect(try oven.shell("there/bin/oven install --prefix there").code == 0)
    }

    @Test func `a prefix that cannot be written is an error`() throws {
        let oven = try OvenProcess()
        try oven.directory.write("", to: "file")
        let result = try oven.run("install", "--prefix", "file")
        #expect(result.code == 1)
        #expect(result.errors.hasPrefix("oven: cannot be installed: "))
    }
}
