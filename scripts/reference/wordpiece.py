#!/usr/bin/env python3
"""Writes wordpiece.json: invented texts, cased and uncased, token by token."""

import wordpiece_peer as peer

TEXTS = [
    "", " ", "\t\n ", "a", "Great value, would buy again!", "great😍", "great 😍", "🔥SALE🔥",
    "it❤️", "#win🎉", "ＳＡＬＥ now", "𝐒𝐀𝐋𝐄", "nike™", "€5", "$5 + 3^2 `code`", "a\x0bb",
    "a\x85b", "a\u200bb", "co\u00adop", "\ufeffhello", "a\ufffdb", "a\0b", "a\ue000b", "a\u0378b",
    "a\u2028b", "a\u00a0b", "👨‍👩‍👧", "❤️", "👍🏽", "🇫🇷", "İstanbul", "Straße", "ΟΔΟΣ", "안녕하세요", "가 각",
    "ガーデン", "买买买now", "\U0002b820\U0002b920", "a" * 100, "a" * 101, "é" * 100, "é" * 101,
    "hi [CLS] there [SEP]", "[mask] [MASK]x[MASK]", "a\r\nb", "it’s don't", "नमस्ते", "Ünïcödé café",
    "e\u0301e\u0327\u0301", "\U0001d15e\u0327x", "a\u302e\u0301\u0327b", "a\u0334\u302fb\u302e",
    "\u0344\u0f73\u302e", "\u1e944", "1️⃣ 2️⃣", "x\u0301\u0302\u0303", "ﬁne ﬂow", "Ⅷ ½ ²",
    "http://example.org/?q=a&b=c#d", "@user_name #hashtag", "10% off — today only…", "“quoted” ‘text’",
    "日本語テキスト", "Русский текст", "العربية", "עברית\u05b0", "ไทย", "ǅ Ǆ ǆ", "ß ẞ ſ", "\u2126 \u212b",
    "unaffable unbelievably hypersensitivity", "[UNK] 😀 [UNK]", "Don’t panic 🙂🙃!", "...!!!???",
    "\U0001e944\u0301", "\uf900\U0002f800", "word" * 30, "\u1160\u11a8 ᄀ", "A\u030a", "\x7f\x80",
]


def main():
    cases = []
    tokenizers = [peer.bert(True), peer.bert(False)]
    for text in TEXTS:
        offsets = peer.places(text)
        both = [list(peer.tokens(t.encode(text), offsets)) for t in tokenizers]
        cases.append({"text": list(text.encode()), "uncased": both[0], "cased": both[1]})
    peer.write("wordpiece", "BertWordPieceTokenizer(vocab, lowercase=…).encode(text)",
               {"fields": ["ids", "starts", "ends"], "cases": cases})


if __name__ == "__main__":
    main()
