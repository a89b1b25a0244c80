import PlauditCore

/// What the words that VADER's rules name do to a feeling.
///
/// - Source: vaderSentiment 3.3.2 (MIT, C.J. Hutto), whose lists these are.
struct VaderRole: OptionSet {
  let rawValue: UInt64

  static let booster = VaderRole(rawValue: 1 << 0)
  static let dampener = VaderRole(rawValue: 1 << 1)
  static let negation = VaderRole(rawValue: 1 << 2)
  static let no = VaderRole(rawValue: 1 << 3)
  /// `or`, `nor`
  static let or = VaderRole(rawValue: 1 << 4)
  static let but = VaderRole(rawValue: 1 << 5)
  static let least = VaderRole(rawValue: 1 << 6)
  /// `at`, `very`
  static let atVery = VaderRole(rawValue: 1 << 7)
  static let never = VaderRole(rawValue: 1 << 8)
  /// `so`, `this`
  static let soThis = VaderRole(rawValue: 1 << 9)
  static let without = VaderRole(rawValue: 1 << 10)
  static let doubt = VaderRole(rawValue: 1 << 11)
  static let kind = VaderRole(rawValue: 1 << 12)
  static let of = VaderRole(rawValue: 1 << 13)
  static let sort = VaderRole(rawValue: 1 << 14)
  static let just = VaderRole(rawValue: 1 << 15)
  static let enough = VaderRole(rawValue: 1 << 16)
  static let the = VaderRole(rawValue: 1 << 17)
  /// `shit`, `bomb`
  static let shitBomb = VaderRole(rawValue: 1 << 18)
  static let bad = VaderRole(rawValue: 1 << 19)
  static let ass = VaderRole(rawValue: 1 << 20)
  static let bus = VaderRole(rawValue: 1 << 21)
  static let stop = VaderRole(rawValue: 1 << 22)
  static let yeah = VaderRole(rawValue: 1 << 23)
  static let right = VaderRole(rawValue: 1 << 24)
  static let kiss = VaderRole(rawValue: 1 << 25)
  static let death = VaderRole(rawValue: 1 << 26)
  static let to = VaderRole(rawValue: 1 << 27)
  static let die = VaderRole(rawValue: 1 << 28)
  static let `for` = VaderRole(rawValue: 1 << 29)
  static let beating = VaderRole(rawValue: 1 << 30)
  static let heart = VaderRole(rawValue: 1 << 31)
}

/// VADER's constants, lists and idioms.
enum VaderRules {
  static let boost = 0.293
  static let capitals = 0.733
  static let negation = -0.74
  /// How little a modifier counts one, two and three words before.
  static let distance = [1, 0.95, 0.9]

  /// The roles of a word in lower case.
  final class Roles: Sendable {
    static let shared = Result { () throws(PlauditError) in try Roles() }

    private let table: WordTable
    private let roles: [VaderRole]

    private init() throws(PlauditError) {
      var words: [String] = []
      var roles: [VaderRole] = []
      for (list, role) in lists {
        for word in list.split(separator: " ").map({ String($0) }) {
          if let known = words.firstIndex(where: { $0.utf8.elementsEqual(word.utf8) }) {
            roles[known].insert(role)
          } else {
            words.append(word)
            roles.append(role)
          }
        }
      }
      table = try WordTable(words)
      self.roles = roles
    }

    func roles(of word: UnsafeRawBufferPointer) -> VaderRole {
      table.index(of: word).map { roles[$0] } ?? []
    }
  }

  private static let lists: [(words: String, role: VaderRole)] = [
    (
      """
      absolutely amazingly awfully completely considerable considerably decidedly deeply effing \
      enormous enormously entirely especially exceptional exceptionally extreme extremely \
      fabulously flipping flippin frackin fracking fricking frickin frigging friggin fully fuckin \
      fucking fuggin fugging greatly hella highly hugely incredible incredibly intensely major \
      majorly more most particularly purely quite really remarkably so substantially thoroughly \
      total totally tremendous tremendously uber unbelievably unusually utter utterly very
      """, .booster
    ),
    (
      """
      almost barely hardly kinda kindof kind-of less little marginal marginally occasional \
      occasionally partly scarce scarcely slight slightly somewhat sorta sortof sort-of
      """, .dampener
    ),
    (
      """
      aint arent cannot cant couldnt darent didnt doesnt ain't aren't can't couldn't daren't didn't \
      doesn't dont hadnt hasnt havent isnt mightnt mustnt neither don't hadn't hasn't haven't isn't \
      mightn't mustn't neednt needn't never none nope nor not nothing nowhere oughtnt shant \
      shouldnt uhuh wasnt werent oughtn't shan't shouldn't uh-uh wasn't weren't without wont \
      wouldnt won't wouldn't rarely seldom despite
      """, .negation
    ),
    ("no", .no), ("or nor", .or), ("but", .but), ("least", .least), ("at very", .atVery),
    ("never", .never), ("so this", .soThis), ("without", .without), ("doubt", .doubt),
    ("kind", .kind), ("of", .of), ("sort", .sort), ("just", .just), ("enough", .enough),
    ("the", .the), ("shit bomb", .shitBomb), ("bad", .bad), ("ass", .ass), ("bus", .bus),
    ("stop", .stop), ("yeah", .yeah), ("right", .right), ("kiss", .kiss), ("death", .death),
    ("to", .to), ("die", .die), ("for", .for), ("beating", .beating), ("heart", .heart),
  ]

  /// The valence of two words that say more together.
  static func idiom(_ first: VaderRole, _ second: VaderRole) -> Double? {
    if first.contains(.the), second.contains(.shitBomb) { return 3 }
    if first.contains(.bad), second.contains(.ass) { return 1.5 }
    if first.contains(.bus), second.contains(.stop) { return 0 }
    if first.contains(.yeah), second.contains(.right) { return -2 }
    if first.contains(.beating), second.contains(.heart) { return 3.5 }
    return nil
  }

  static func idiom(_ first: VaderRole, _ second: VaderRole, _ third: VaderRole) -> Double? {
    if first.contains(.kiss), second.contains(.of), third.contains(.death) { return -1.5 }
    if first.contains(.to), second.contains(.die), third.contains(.for) { return 3 }
    return nil
  }

  /// `just enough`, `kind of`, `sort of`.
  static func isDampener(_ first: VaderRole, _ second: VaderRole) -> Bool {
    (first.contains(.just) && second.contains(.enough))
      || (second.contains(.of) && (first.contains(.kind) || first.contains(.sort)))
  }

  /// White space of Python's `str.split()`.
  static func isSpace(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F,
      0x205F, 0x3000:
      true
    default: false
    }
  }
}
