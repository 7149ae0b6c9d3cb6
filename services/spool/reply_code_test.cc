#include <doctest/doctest.h>

#include "services/spool/message.h"

using namespace hikyaku::spool;

TEST_CASE("a reply has the code that the server gave, and no other that stands in its words") {
  struct Row {
    const char* reply;
    const char* code;
    bool has;
  };
  for (const auto& row : {Row{"451 4.7.1 Greylisted", "451", true}, Row{"451 4.7.1 Greylisted", "4.7.1", true}, Row{"451-4.7.1 first", "4.7.1", true},
                          Row{"451", "451", true}, Row{"550 5.1.1: nobody", "5.1.1", true}, Row{"421\r\n", "421", true},
                          Row{"451 4.7.1 Greylisted", "4.7", false}, Row{"451 4.7.10 Other", "4.7.1", false}, Row{"451 4.7.1 Greylisted", "45", false},
                          Row{"450 see 451", "451", false}, Row{"450 4.2.0 not 4.7.1", "4.7.1", false}, Row{"4512 words", "451", false},
                          Row{"connection timed out after 451 s", "451", false}, Row{"451", "4.7.1", false}, Row{"451 ", "4.7.1", false},
                          Row{"", "451", false}, Row{"45", "451", false}, Row{"451 4.7.1 x", "", false}, Row{"951 x", "951", false}, Row{"4a1 x", "4a1", false}}) {
    CAPTURE(row.reply);
    CAPTURE(row.code);
    CHECK(has_code(row.reply, row.code) == row.has);
  }
}
