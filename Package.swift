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
    products: [
        .executable(name: "oven", targets: ["oven"]),
        .library(name: "OvenEngine", targets: ["Transformer", "Baking", "Backends"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    ],
    targets: [
        .target(name: "CKernels"),
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
        .target(
            name: "CNcurses",
            linkerSettings: [
                .linkedLibrary("ncursesw", .when(platforms: [.linux])),
                .linkedLibrary("ncurses", .when(platforms: [.macOS])),
            ]),
        .target(name: "Transformer", dependencies: ["CKernels"], swiftSettings: strict),
        .target(
            name: "Baking", dependencies: ["Transformer", "Yams"],
            resources: [.copy("Resources/queries.yaml")], swiftSettings: strict),
        .target(
            name: "Backends",
            dependencies: [
                "Baking", "Transformer", "CCurl",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["Tinker/tinker.proto"],
            resources: [.copy("Resources/starter")], swiftSettings: strict),
        .target(
            name: "Terminal", dependencies: ["CNcurses", "Yams"], path: ".",
            exclude: [
                "Tests", "README.md", "Sources/CKernels", "Sources/CCurl",
                "Sources/CNcurses", "Sources/Transformer", "Sources/Baking", "Sources/Backends",
                "Sources/Workbench", "Sources/oven",
            ],
            sources: ["Sources/Terminal"], resources: [.copy("themes"), .copy("prompt.md")],
            swiftSettings: strict),
        .target(
            name: "Workbench", dependencies: ["Baking", "Terminal"], swiftSettings: strict),
        .executableTarget(
            name: "oven",
            dependencies: [
                "Transformer", "Baking", "Backends", "Terminal", "Workbench",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            resources: [.copy("Resources/torch_baseline.py")], swiftSettings: strict),
        .target(
            name: "TestSupport", dependencies: ["Transformer", "Baking"],
            path: "Tests/TestSupport", swiftSettings: strict),
        .target(
            name: "ServiceSupport",
            dependencies: [
                "Transformer", "Baking", "Backends", "TestSupport",
                .product(name: "FlyingFox", package: "FlyingFox"),
                .product(name: "FlyingSocks", package: "FlyingFox"),
            ],
            path: "Tests/ServiceSupport", swiftSettings: strict),
        .testTarget(
            name: "TransformerTests", dependencies: ["Transformer", "TestSupport"],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "BakingTests", dependencies: ["Baking", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "BackendsTests",
            dependencies: [
                "Backends", "ServiceSupport", "TestSupport",
                .product(name: "FlyingFox", package: "FlyingFox"),
            ],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "TerminalTests", dependencies: ["Terminal", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "WorkbenchTests", dependencies: ["Workbench", "TestSupport"],
            exclude: ["Snapshots"], swiftSettings: strict),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "oven", "Baking", "Terminal", "ServiceSupport", "TestSupport",
                .product(name: "FlyingFox", package: "FlyingFox"),
            ],
            swiftSettings: strict),
    ]
)
