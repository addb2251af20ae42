package io.slipway;

import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.targetOwner;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.netty.channel.unix.FileDescriptor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * The house is what its plan says: which room may use which, and which rooms may touch the kernel,
 * the channels and the clock. A room that is not on the plan fails; a planned one that is not built
 * yet does not.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class FloorPlanTest {
  private static final String HOUSE = "io.slipway";

  /** Each room, and the rooms that it may use besides itself. Lines are floors, ground first. */
  private static final Map<String, Set<String>> PLAN =
      plan(
          "wire ->",
          "clock ->",
          "stats ->",
          "sys ->",
          "route -> wire",
          "egress -> route wire clock stats",
          "tcp -> clock wire stats",
          "udp -> clock wire stats",
          "icmp -> egress route wire clock stats",
          "gateway -> icmp egress route wire clock stats",
          "flow -> tcp udp icmp egress route wire clock stats",
          "pipeline -> flow gateway icmp egress route wire clock stats",
          "link -> pipeline egress wire stats sys",
          "host -> flow route clock stats sys wire",
          "names -> flow route clock stats wire",
          "bypass -> route wire stats sys",
          "control -> link host names bypass pipeline gateway flow tcp udp icmp egress route wire"
              + " clock stats sys",
          "observe -> link host names bypass pipeline gateway flow tcp udp icmp egress route wire"
              + " clock stats sys",
          "launch -> link route wire stats sys");

  /** The floors from the assembly line up: the only ones that know channels. */
  private static final Set<String> CHANNEL_ROOMS =
      Set.of("pipeline", "link", "host", "names", "bypass", "control", "observe", "launch", "");

  /** The edges of the house: the only ones that speak of the host's addresses and sockets. */
  private static final Set<String> EDGE_ROOMS =
      Set.of("link", "host", "names", "control", "observe", "launch", "");

  /** Not static: it is tens of megabytes, which every later collection would look through. */
  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(HOUSE);

  @TestFactory
  Stream<DynamicTest> eachRoomKeepsToThePlan() {
    Set<String> rooms =
        classes.stream().map(FloorPlanTest::room).collect(toCollection(TreeSet::new));
    return rooms.stream()
        .map(room ->
            DynamicTest.dynamicTest(
                room.isEmpty() ? HOUSE : HOUSE + "." + room, () -> checkRoom(room)));
  }

  private void checkRoom(String room) {
    Set<String> allowed = PLAN.get(room);
    assertThat(allowed).as("the plan has a room %s", room).isNotNull();
    assertThat(
            classes.stream()
                .filter(c -> room(c).equals(room))
                .flatMap(c -> c.getDirectDependenciesFromSelf().stream())
                .filter(d -> isInTheHouse(d.getTargetClass()))
                .filter(d -> !room(d.getTargetClass()).equals(room))
                .filter(d -> !allowed.contains(room(d.getTargetClass())))
                .map(Dependency::getDescription))
        .as("uses of rooms other than %s", allowed)
        .isEmpty();
    assertThat(classes.getPackage(packageOf(room)).isAnnotatedWith(NullMarked.class))
        .as("%s has a package-info.java that is @NullMarked", packageOf(room))
        .isTrue();
  }

  @Test
  void roomsFormNoCycle() {
    slices()
        .matching(HOUSE + ".(*)..")
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(true)
        .check(classes);
  }

  @Test
  void onlySysCallsForeignFunctions() {
    noClasses()
        .that(liveOutside(Set.of("sys")))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("java.lang.foreign..")
        .allowEmptyShould(true)
        .check(classes);
  }

  @Test
  void onlyTheAssemblyLineAndAboveKnowChannels() {
    noClasses()
        .that(liveOutside(CHANNEL_ROOMS))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.netty.channel..")
        .allowEmptyShould(true)
        .check(classes);
  }

  @Test
  void onlyTheEdgesKnowTheHostsNetwork() {
    noClasses()
        .that(liveOutside(EDGE_ROOMS))
        .should()
        .dependOnClassesThat(resideInAPackage("java.net.."))
        .allowEmptyShould(true)
        .check(classes);
  }

  @Test
  void onlyTheFacadeReadsTheMonotonicClock() {
    noClasses()
        .that(liveOutside(Set.of("")))
        .should()
        .accessTargetWhere(reaches(System.class, "nanoTime"))
        .because("time is handed in")
        .allowEmptyShould(true)
        .check(classes);
  }

  @Test
  void nobodyOpensFilesThroughNetty() {
    noClasses()
        .should()
        .accessTargetWhere(reaches(FileDescriptor.class, "from"))
        .because("it empties the file that it opens")
        .allowEmptyShould(true)
        .check(classes);
  }

  private static DescribedPredicate<JavaAccess<?>> reaches(Class<?> owner, String member) {
    DescribedPredicate<HasName> named = name(member);
    return targetOwner(type(owner))
        .and(
            DescribedPredicate.<JavaAccess<?>>describe(
                "the member is " + member, access -> named.test(access.getTarget())));
  }

  private static DescribedPredicate<JavaClass> liveOutside(Set<String> rooms) {
    return DescribedPredicate.describe(
        "live outside " + new TreeSet<>(rooms), c -> !rooms.contains(room(c)));
  }

  private static boolean isInTheHouse(JavaClass c) {
    return c.getPackageName().equals(HOUSE) || c.getPackageName().startsWith(HOUSE + ".");
  }

  /** The part of the package's name below the house; empty for the facade. */
  private static String room(JavaClass c) {
    return c.getPackageName().equals(HOUSE) ? "" : c.getPackageName().substring(HOUSE.length() + 1);
  }

  private static String packageOf(String room) {
    return room.isEmpty() ? HOUSE : HOUSE + "." + room;
  }

  private static Map<String, Set<String>> plan(String... lines) {
    Map<String, Set<String>> plan = new HashMap<>();
    for (String line : lines) {
      int arrow = line.indexOf("->");
      Set<String> uses = new HashSet<>(Arrays.asList(line.substring(arrow + 2).trim().split(" ")));
      uses.remove("");
      plan.put(line.substring(0, arrow).trim(), uses);
    }
    // The facade may use every room, and no room may use it.
    plan.put("", Set.copyOf(plan.keySet()));
    return plan;
  }
}
