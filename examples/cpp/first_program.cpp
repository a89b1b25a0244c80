// The smallest useful program: two posts in, a label for each out.
#include <cstdio>
#include <plaudit.hpp>
#include <vector>

int main(int argc, char **argv) {
  const std::vector<std::string_view> posts = {"Love the new trainers!",
                                               "Still waiting for my refund."};
  try {
    const plaudit::model model = plaudit::model::load(argc > 1 ? argv[1] : "");
    const plaudit::predictions predictions = model.predict(posts);
    for (std::size_t i = 0; i < posts.size(); i++)
      std::printf("%-10s %s\n", model.label(predictions.labels[i]).data(), posts[i].data());
    return 0;
  } catch (const plaudit::error &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
