import Foundation
import Testing

@testable import Baking

@Suite struct ResourcesTests {
    private let nowhere = URL(filePath: "/nonexistent/checkout")

    @Test func `the build folder's bundles are found whatever the package is called`() throws {
        let place = try TemporaryPlace()
        try place.write("", to: "bin/Oven_Baking.resources/queries.yaml")
        try place.write("", to: "bin/other-name_Terminal.resources/themes/a.yaml")
        let resources = Resources(place.surroundings, checkout: nowhere)
        #expect(
            try resources.url(of: .queries).path.hasSuffix("Oven_Baking.resources/queries.yaml"))
        #expect(
            try resources.url(of: .themes).path.hasSuffix("other-name_Terminal.resources/themes"))
    }

    @Test func `the variable wins over the executable, which wins over share`() throws {
        let place = try TemporaryPlace()
        try place.write("", to: "share/oven/queries.yaml")
        var surroundings = place.surroundings
        let found = { try Resources(surroundings, checkout: nowhere).url(of: .queries).path }
        #expect(try found().hasSuffix("/share/oven/queries.yaml"))
        try place.write("", to: "bin/queries.yaml")
        #expect(try found().hasSuffix("/bin/queries.yaml"))
        let own = try place.write("", to: "own/queries.yaml")
        surroundings.environment["OVEN_RESOURCES"] = own.deletingLastPathComponent().path
        #expect(try found() == own.path)
    }

    @Test func `a copied program falls back to the checkout it was built from`() throws {
        let place = try TemporaryPlace()
        for item in Resources.Item.allCases {
            let found = try Resources(place.surroundings).url(of: item)
            #expect(found.path.hasPrefix(Resources.checkout.path))
        }
    }

    @Test func `a missing resource names every place and the remedy`() throws {
        let place = try TemporaryPlace()
        let error = try #require(throws: Resources.Missing.self) {
            try Resources(place.surroundings, checkout: nowhere).url(of: .starter)
        }
        #expect(error.places.count == 3)
        #expect("\(error)".hasPrefix("starter is missing: looked in \(place.root.path)/bin, "))
        #expect("\(error)".contains("OVEN_RESOURCES"))
    }
}
