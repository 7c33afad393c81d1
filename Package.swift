// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "Oven",
    targets: [
        .target(name: "CKernels"),
        .target(name: "Transformer", dependencies: ["CKernels"], swiftSettings: strict),
        .target(
            name: "TestSupport", dependencies: ["Transformer"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .testTarget(
            name: "TransformerTests", dependencies: ["Transformer", "TestSupport"],
            exclude: ["Fixtures"], swiftSettings: strict),
    ]
)
