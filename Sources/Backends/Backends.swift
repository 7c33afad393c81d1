internal import Baking
