// 26 circles in the unit square: they start where dice put them, grow, and push each other away. Prints x, y and r of each.
#include <math.h>
#include <stdio.h>
#include <string.h>

#define COUNT 26

// EVOLVE-BLOCK-START
static const int SEED = 1;
static const int ROUNDS = 1;  // The best of them counts.
static const int STEPS = 400;
static const double RATE = 0.05;       // How far a step goes, at first
static const double LAST_RATE = 0.01;  // and at the end.
static const double WEIGHT = 10.0;     // What an overlap costs, at first
static const double LAST_WEIGHT = 100.0;
static const double FIRST_RADIUS = 0.05;
// EVOLVE-BLOCK-END

static double at[3 * COUNT], best[3 * COUNT], slope[3 * COUNT], mean[3 * COUNT], square[3 * COUNT];

static double dice(void) {
  static unsigned long long state = 0;
  if (state == 0) state = (unsigned long long)SEED * 0x9e3779b97f4a7c15ULL + 1;
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (double)(state >> 11) / 9007199254740992.0;
}

// The largest overlap; with a weight the slope of what all cost, too.
static double overlaps(double weight) {
  double worst = 0;
  for (int i = 0; i < COUNT; ++i) {
    const double *one = at + 3 * i;
    for (int side = 0; side < 4; ++side) {
      const double gap = (side % 2 ? 1 - one[side / 2] : one[side / 2]) - one[2];
      if (gap >= 0) continue;
      worst = fmax(worst, -gap);
      slope[3 * i + side / 2] += 2 * weight * gap * (side % 2 ? -1 : 1);
      slope[3 * i + 2] -= 2 * weight * gap;
    }
    for (int j = 0; j < i; ++j) {
      const double *other = at + 3 * j;
      const double dx = one[0] - other[0], dy = one[1] - other[1], sum = one[2] + other[2];
      const double squared = dx * dx + dy * dy;
      if (squared >= sum * sum) continue;
      const double distance = sqrt(squared) + 1e-12, push = 2 * weight * (distance - sum);
      worst = fmax(worst, sum - distance);
      slope[3 * i] += push * dx / distance;
      slope[3 * i + 1] += push * dy / distance;
      slope[3 * j] -= push * dx / distance;
      slope[3 * j + 1] -= push * dy / distance;
      slope[3 * i + 2] -= push;
      slope[3 * j + 2] -= push;
    }
  }
  return worst;
}

static void relax(void) {
  memset(mean, 0, sizeof mean);
  memset(square, 0, sizeof square);
  for (int k = 0; k < 3 * COUNT; ++k) at[k] = k % 3 == 2 ? FIRST_RADIUS : dice();
  for (int step = 0; step < STEPS; ++step) {
    const double done = (double)step / STEPS;
    const double weight = WEIGHT * pow(LAST_WEIGHT / WEIGHT, done);
    const double rate = RATE * pow(LAST_RATE / RATE, done);
    for (int k = 0; k < 3 * COUNT; ++k) slope[k] = k % 3 == 2 ? -1 : 0;
    overlaps(weight);
    for (int k = 0; k < 3 * COUNT; ++k) {
      mean[k] = 0.9 * mean[k] + 0.1 * slope[k];
      square[k] = 0.99 * square[k] + 0.01 * slope[k] * slope[k];
      at[k] -= rate * mean[k] / (sqrt(square[k]) + 1e-9);
    }
  }
}

int main(void) {
  double most = -1;
  for (int round = 0; round < ROUNDS; ++round) {
    relax();
    // Nothing may overlap at all: each gives up what the worst pair has too much.
    const double worst = overlaps(0) + 1e-12;
    double sum = 0;
    for (int i = 0; i < COUNT; ++i) sum += at[3 * i + 2] = fmax(at[3 * i + 2] - worst, 0);
    if (sum <= most) continue;
    most = sum;
    memcpy(best, at, sizeof at);
  }
  for (int i = 0; i < COUNT; ++i) printf("%.17f %.17f %.17f\n", best[3 * i], best[3 * i + 1], best[3 * i + 2]);
  return 0;
}
