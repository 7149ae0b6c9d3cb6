#include "apps/cli/language/server_sentences.h"

#include <doctest/doctest.h>

using namespace hikyaku::cli;

TEST_CASE("server sentences: ours are told in Japanese with what they name, others as they are") {
  struct Row {
    const char *said, *told;
  };
  for (const auto& [said, told] : std::initializer_list<Row>{
           {"deliver is busy: try again shortly", "deliver が処理中で応答できない。少し待ってやり直す。"},
           {"There is no alias x@a.example; see: hikyaku alias list", "別名 x@a.example はない。hikyaku alias list で確認する。"},
           {"There is no domain a.example; add it with: hikyaku domain add a.example", "ドメイン a.example はない。追加するには: hikyaku domain add a.example"},
           {"There is an account a@b.example already; choose another address.", "アカウント a@b.example は既にある。別のアドレスにする。"},
           {"There is an account a@b.example; choose another address.", "アカウント a@b.example がある。別のアドレスにする。"},
           {"Hold 3 (disk exchange) is over; add a new one.", "保留 3 (disk exchange) は終わっている。新しく追加する。"},
           {"Held by hold 12: disk; exchange: now.", "保留 12 により保留中: disk; exchange: now."},
           {"line 7: There is no domain a.example; add it with: hikyaku domain add a.example", "7 行目: ドメイン a.example はない。追加するには: hikyaku domain add a.example"},
           {"a.example still has 1 accounts, 2 aliases and 3 lists; remove them first.", "a.example にはアカウント 1 件、別名 2 件、メーリングリスト 3 件が残っている。先に削除する。"},
           {"deliver is stopped. Remedy: `hikyaku service start deliver`.", "deliver は停止している。対処: `hikyaku service start deliver`"}})
    CHECK(in_japanese(said) == told);
  for (const char* other : {"", "451 4.7.1 Greylisted, try again", "deliver is busy", "There is no alias", "{}", "\xff\xfe", "line 3", "保留 3"})
    CHECK(in_japanese(other) == other);
}
