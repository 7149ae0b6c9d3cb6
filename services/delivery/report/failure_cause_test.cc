#include <doctest/doctest.h>

#include "services/delivery/report/failure_cause.h"

using namespace hikyaku::delivery;

TEST_CASE("the cause is found by what tells most: what we saw, the code, its subject, the reply, the class") {
  struct Row { std::string_view status, diagnostic; std::optional<FailureClass> failure; std::string_view want; };
  const Row rows[] = {{"5.1.1", "550 5.1.1 x", FailureClass::Refused, "1.1"},
                      {"4.2.2", "452 4.2.2 x", FailureClass::Transient, "2.2"},
                      {"5.4.1", "", FailureClass::Timeout, "timeout"},
                      {"4.4.1", "", FailureClass::NoAnswer, "4.1"},
                      {"4.7.1", "450 4.7.1 come back", FailureClass::Greylisted, "greylisted"},
                      {"5.7.1", "550 5.7.1 listed", FailureClass::PolicyRefused, "reputation"},
                      {"5.7.23", "550 5.7.23 spf", FailureClass::PolicyRefused, "7.23"},
                      {"5.7.1", "550 5.7.1 no", FailureClass::Refused, "7.1"},
                      {"5.1.99", "550 5.1.99 x", {}, "1.0"},
                      {"5.9.9", "550 5.9.9 x", {}, "refused"},
                      {"5.0.0", "550 no", FailureClass::Refused, "refused"},
                      {"5.0.0", "552 too big", FailureClass::Refused, "3.4"},
                      {"4.0.0", "450 later", FailureClass::Transient, "busy"},
                      {"", "421 closing", {}, "3.2"},
                      {"", "", FailureClass::LineCut, "4.2"},
                      {"", "", FailureClass::Name, "1.2"},
                      {"5.1.10", "", FailureClass::Name, "1.10"},
                      {"5.3.0", "", FailureClass::Refused, "damaged"},
                      {"5.3.0", "554 5.3.0 x", FailureClass::Refused, "3.0"},
                      {"", "", {}, "unknown"}, {"5", "", {}, "unknown"}, {".", "xyz", {}, "unknown"}, {"garbage", "2", {}, "unknown"}};
  for (const auto& row : rows) CHECK_MESSAGE(cause_of(row.status, row.diagnostic, row.failure).code == row.want, row.status << " " << row.diagnostic);
}

TEST_CASE("every code and class has both languages") {
  for (int subject = 0; subject <= 9; ++subject)
    for (int detail = 0; detail <= 40; ++detail)
      for (std::uint8_t failure = 0; failure < failure_classes; ++failure) {
        const auto& cause = cause_of("5." + std::to_string(subject) + "." + std::to_string(detail), "", failure_class_of(failure));
        REQUIRE(!cause.cause.en.empty());
        REQUIRE(!cause.cause.ja.empty());
        REQUIRE(!cause.advice.en.empty());
        REQUIRE(!cause.advice.ja.empty());
        REQUIRE(!words(cause.who).ja.empty());
      }
}
