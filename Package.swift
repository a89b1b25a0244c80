// swift-tools-version: 6.1
import PackageDescription

// One stripe a domain, always in the order text, neural, stats, decisions; see ARCHITECTURE.md.

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
]

// `make setup` puts the static archive into .deps; its symbols stay inside.
let archives = [
  "-L\(Context.packageDirectory)/.deps", "-Xlinker", "--exclude-libs", "-Xlinker", "ALL",
]

let package = Package(
  name: "plaudit",
  products: [
    .library(name: "plaudit", type: .dynamic, targets: ["PlauditABI"])
  ],
  targets: [
    // The contract
    .systemLibrary(name: "CPlaudit", path: "include"),

    // What Plaudit stands on
    .target(
      name: "CJansson",
      linkerSettings: [.unsafeFlags(archives), .linkedLibrary(":libjansson.a")]),
    .target(name: "CHost"),
    .target(
      name: "PlauditCore", dependencies: ["CHost", "CJansson"], swiftSettings: swiftSettings),

    // The language half: text to tokens to tensors to scores
    .target(name: "CUnicode"),
    .target(name: "CText", cSettings: [.unsafeFlags(["-O3"])]),
    .target(
      name: "PlauditText", dependencies: ["PlauditCore", "CText", "CUnicode"],
      swiftSettings: swiftSettings),
    .target(
      name: "CKernels", cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off", "-fno-math-errno"])]),
    .target(
      name: "PlauditTensor", dependencies: ["PlauditCore", "CKernels"],
      swiftSettings: swiftSettings,
      linkerSettings: [.linkedLibrary("m")]),
    .target(
      name: "PlauditNeural",
      dependencies: ["PlauditCore", "PlauditText", "PlauditTensor", "PlauditStats"],
      swiftSettings: swiftSettings),

    // The numbers half: counts to KPIs to intervals to decisions
    .target(name: "CColumns", cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off"])]),
    .target(
      name: "PlauditStats", dependencies: ["PlauditCore", "CColumns"],
      swiftSettings: swiftSettings),
    .target(
      name: "PlauditDecisions", dependencies: ["PlauditCore", "PlauditStats", "CKernels"],
      swiftSettings: swiftSettings),

    // The boundary
    .target(
      name: "PlauditABI",
      dependencies: [
        "CPlaudit", "CHost", "PlauditCore", "PlauditText", "PlauditTensor",
        "PlauditNeural", "PlauditStats", "PlauditDecisions",
      ],
      swiftSettings: swiftSettings),

    // Tests, file for file
    .testTarget(
      name: "PlauditCoreTests", dependencies: ["PlauditCore"], swiftSettings: swiftSettings),
    .testTarget(
      name: "PlauditTextTests", dependencies: ["PlauditCore", "CText", "PlauditText"],
      exclude: ["Reference"], swiftSettings: swiftSettings),
    .target(
      name: "CTiles", dependencies: ["CKernels"], path: "Tests/CTiles",
      cSettings: [.unsafeFlags(["-O2", "-ffp-contract=off"])]),
    .testTarget(
      name: "PlauditTensorTests",
      dependencies: ["PlauditCore", "PlauditTensor", "CKernels", "CTiles"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "PlauditNeuralTests",
      dependencies: ["PlauditCore", "PlauditText", "PlauditTensor", "PlauditNeural"],
      exclude: ["Reference"], swiftSettings: swiftSettings),
    .testTarget(
      name: "PlauditStatsTests", dependencies: ["PlauditCore", "PlauditStats", "CColumns"],
      exclude: ["Reference"], swiftSettings: swiftSettings),
    .testTarget(
      name: "PlauditDecisionsTests",
      dependencies: ["PlauditCore", "PlauditStats", "PlauditDecisions", "CKernels"],
      exclude: ["Reference"], swiftSettings: swiftSettings),
    .testTarget(
      name: "PlauditABITests", dependencies: ["CPlaudit", "PlauditABI"],
      swiftSettings: swiftSettings),
  ]
)
